-- Replaces a worker's heartbeat.
-- KEYS: 1 heartbeat hash
-- ARGV: 1 time to live in ms, then fields and values
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return nil
