-- Replaces an outcome by one that says more, if it stands as it was read and Kafka has not got it.
-- KEYS: 1 result
-- ARGV: 1 the outcome that was read, 2 the one that says more
-- Returns 1 when the second one stands, else 0.
local there = redis.call('GET', KEYS[1])
if there == ARGV[2] then return 1 end
if there ~= ARGV[1] then return 0 end
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', left)
else
  redis.call('SET', KEYS[1], ARGV[2])
end
return 1
