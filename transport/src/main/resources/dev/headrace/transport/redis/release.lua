-- Takes a heartbeat out, unless it is that of another instance with the same id.
-- KEYS: 1 heartbeat hash
-- ARGV: 1 instance
if redis.call('HGET', KEYS[1], 'instance') == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
