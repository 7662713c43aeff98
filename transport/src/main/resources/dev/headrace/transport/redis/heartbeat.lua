-- Replaces a heartbeat, unless it is that of another instance with the same id.
-- KEYS: 1 heartbeat hash
-- ARGV: 1 time to live in ms, 2 instance, or nothing to replace whatever is there, then fields and values
if ARGV[2] ~= '' and redis.call('TYPE', KEYS[1]).ok == 'hash' then
  local there = redis.call('HMGET', KEYS[1], 'instance', 'sent_at')
  if there[1] and there[1] ~= ARGV[2] then
    return {there[1], there[2] or ''}
  end
end
-- Removing comes first: when memory is full Redis refuses a script that begins by writing more.
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'instance', ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return nil
