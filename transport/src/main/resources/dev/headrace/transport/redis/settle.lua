-- Ends a leadership; with a result also that of whoever leads now, because the result serves all.
-- KEYS: 1 cached outcome, 2 leader, 3 followers
-- ARGV: 1 token of the leader that ends, 2 'failed', 'keep' or 'pass' (too large to keep),
--       3 the outcome, 4 its time to live in ms
-- Returns what the followers wait for.
if ARGV[2] == 'failed' then
  if redis.call('GET', KEYS[2]) == ARGV[1] then
    redis.call('DEL', KEYS[2])
  end
  return {}
end
if ARGV[2] == 'keep' then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
local followers = redis.call('HVALS', KEYS[3])
redis.call('DEL', KEYS[2], KEYS[3])
return followers
