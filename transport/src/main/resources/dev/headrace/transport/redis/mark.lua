-- Notes the requests that a worker runs now.
-- KEYS: 1 list of requests, 2 set of the workers that left a mark
-- ARGV: 1 worker id, then requests
redis.call('DEL', KEYS[1])
if #ARGV == 1 then
  redis.call('SREM', KEYS[2], ARGV[1])
  return nil
end
for i = 2, #ARGV, 1000 do
  redis.call('RPUSH', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('SADD', KEYS[2], ARGV[1])
return nil
