-- Stores an outcome if the request has none, and announces it.
-- KEYS: 1 result hash, 2 reply stream
-- ARGV: 1 outcome, 2 its time to live in ms, 3 request id, or empty when it is not announced,
--       4 entries that the stream keeps, 5 its time to live in ms
-- Returns nil when the outcome was stored, else {standing outcome, '1' if Kafka has it}.
local standing = redis.call('HMGET', KEYS[1], 'o', 'p')
if standing[1] then
  return {standing[1], standing[2] or ''}
end
redis.call('HSET', KEYS[1], 'o', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'id', ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
return nil
