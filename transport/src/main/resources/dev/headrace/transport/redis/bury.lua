-- Counts a crash for each request of a dead worker's mark and removes the mark.
-- KEYS: 1 list of requests, 2 set of the workers that left a mark, 3 hash of counts
-- ARGV: 1 worker id, 2 time to live of the counts in ms
local requests = redis.call('LRANGE', KEYS[1], 0, -1)
for _, request in ipairs(requests) do
  redis.call('HINCRBY', KEYS[3], request, 1)
end
if #requests > 0 then
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
return nil
