-- Ends a leadership without keeping a result.
-- KEYS: 1 leader (see resolve.lua), 2 followers
-- ARGV: 1 token of the leader that ends, 2 'failed', or 'pass': the result serves all, but is kept
--       elsewhere or nowhere, 3 time to live of the followers in ms
-- Returns what the followers wait for.
if ARGV[2] == 'failed' then
  local leader = redis.call('GET', KEYS[1])
  if leader == ARGV[1] or leader == '+' .. ARGV[1] then
    if redis.call('HLEN', KEYS[2]) > 0 then
      redis.call('SET', KEYS[1], '-', 'PX', ARGV[3])
    else
      redis.call('DEL', KEYS[1])
    end
  end
  return {}
end
local followers = redis.call('HVALS', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[2])
return followers
