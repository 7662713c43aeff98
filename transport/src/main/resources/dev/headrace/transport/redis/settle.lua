-- Ends a leadership.
-- KEYS: 1 cached result or leader (see resolve.lua), 2 followers
-- ARGV: 1 token of the leader that ends, 2 how: 'failed', 'passed' (the result serves all, but is
--       not kept) or 'kept' (the result is in the leader's place already), 3 time to live of the
--       followers in ms
-- Returns what the followers wait for.
if ARGV[2] == 'failed' then
  local value = redis.call('GET', KEYS[1])
  local mark = value and string.sub(value, 1, 1)
  local leader = value and string.sub(value, 2)
  if mark == '+' then
    leader = string.sub(leader, (string.find(leader, ':', 1, true) or 0) + 1)
  end
  if (mark == '?' or mark == '+') and leader == ARGV[1] then
    if redis.call('HLEN', KEYS[2]) > 0 then
      redis.call('SET', KEYS[1], '-', 'PX', ARGV[3])
    else
      redis.call('DEL', KEYS[1])
    end
  end
  return {}
end
local followers = redis.call('HVALS', KEYS[2])
redis.call('DEL', KEYS[2])
if ARGV[2] == 'passed' then
  redis.call('DEL', KEYS[1])
end
return followers
