-- Ends a leadership without keeping a result.
-- KEYS: 1 leader, 2 followers
-- ARGV: 1 token of the leader that ends, 2 'failed', or 'pass': the result serves all, but is too large to keep
-- Returns what the followers wait for.
if ARGV[2] == 'failed' then
  if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
  end
  return {}
end
local followers = redis.call('HVALS', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[2])
return followers
