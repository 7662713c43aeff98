-- Gives a request its place among identical ones.
-- KEYS: 1 cached result or leader, 2 followers
-- ARGV: 1 token of the request, 2 lease in ms, 3 '1' if it may follow, 4 what it waits for,
--       5 time to live of the followers in ms, 6 most followers kept
-- A leader's value is its token behind a mark: '?' nobody follows, '+' others may follow; '-' alone:
-- it failed and its followers wait for the next. Any other value is a cached result.
-- Returns {'H', cached result} (hit), {'L'} (lead) or {'F', token of the leader} (follow).
local value = redis.call('GET', KEYS[1])
local mark = value and string.sub(value, 1, 1)
if value and mark ~= '?' and mark ~= '+' and mark ~= '-' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return {'H', value}
end
local leader = value and string.sub(value, 2)
if not value or mark == '-' or leader == ARGV[1] then
  redis.call('HDEL', KEYS[2], ARGV[1])
  local followed = redis.call('HLEN', KEYS[2]) > 0
  redis.call('SET', KEYS[1], (followed and '+' or '?') .. ARGV[1], 'PX', ARGV[2])
  return {'L'}
end
if ARGV[3] ~= '1' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return {'L'}
end
-- A follower too many is not kept: it asks again when it comes back from its retry topic.
if redis.call('HLEN', KEYS[2]) < tonumber(ARGV[6]) or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
if mark == '?' then
  redis.call('SET', KEYS[1], '+' .. leader, 'KEEPTTL')
end
return {'F', leader}
