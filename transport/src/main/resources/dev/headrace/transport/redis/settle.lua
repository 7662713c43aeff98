-- Ends a leadership without keeping a result.
-- KEYS: 1 cached outcome, 2 leader, 3 followers
-- ARGV: 1 token of the leader that ends, 2 'failed', or 'pass': the result serves all, but is too large to keep
-- Returns what the followers wait for.
if ARGV[2] == 'failed' then
  if redis.call('GET', KEYS[2]) == ARGV[1] then
    redis.call('DEL', KEYS[2])
  end
  return {}
end
local followers = redis.call('HVALS', KEYS[3])
redis.call('DEL', KEYS[2], KEYS[3])
return followers
