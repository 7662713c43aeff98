-- Gives a request its place among identical ones.
-- KEYS: 1 cached outcome, 2 leader, 3 followers
-- ARGV: 1 token of the request, 2 lease in ms, 3 '1' if it may follow, 4 what it waits for,
--       5 time to live of the followers in ms, 6 most followers kept
-- The leader's value is its token, with a '+' before it once others follow, or '-' when it failed
-- and its followers wait for the next.
-- Returns {'H', outcome} (hit), {'L'} (lead) or {'F', token of the leader} (follow).
local value = redis.call('GET', KEYS[2])
local leader = value
if value and string.sub(value, 1, 1) == '+' then
  leader = string.sub(value, 2)
end
local cached = redis.call('GET', KEYS[1])
if cached then
  redis.call('HDEL', KEYS[3], ARGV[1])
  if leader == ARGV[1] then
    redis.call('DEL', KEYS[2])
  end
  return {'H', cached}
end
if not leader or leader == '-' or leader == ARGV[1] then
  redis.call('HDEL', KEYS[3], ARGV[1])
  local followed = redis.call('HLEN', KEYS[3]) > 0
  redis.call('SET', KEYS[2], (followed and '+' or '') .. ARGV[1], 'PX', ARGV[2])
  return {'L'}
end
if ARGV[3] ~= '1' then
  redis.call('HDEL', KEYS[3], ARGV[1])
  return {'L'}
end
-- A follower too many is not kept: it asks again when it comes back from its retry topic.
if redis.call('HLEN', KEYS[3]) < tonumber(ARGV[6]) or redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[4])
  redis.call('PEXPIRE', KEYS[3], ARGV[5])
end
if value == leader then
  redis.call('SET', KEYS[2], '+' .. leader, 'KEEPTTL')
end
return {'F', leader}
