-- Gives a request its place among identical ones.
-- KEYS: 1 cached result or leader, 2 followers
-- ARGV: 1 token of the request, 2 lease in ms, 3 '1' if it may follow, 4 what it waits for,
--       5 time to live of the followers in ms, 6 most followers kept
-- A leader's value is its token behind a mark. '?': nobody follows, the key lives as long as the lease. '+': others may
-- follow, the end of the lease in epoch ms and a colon come before the token, and the key lives as long as the
-- followers, so that the next leader learns of them. '-' alone: it failed and its followers wait for the next.
-- Any other value is a cached result.
-- Returns {'H', cached result} (hit), {'L'} (lead) or {'F', token of the leader} (follow).
local value = redis.call('GET', KEYS[1])
local mark = value and string.sub(value, 1, 1)
if value and mark ~= '?' and mark ~= '+' and mark ~= '-' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return {'H', value}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leader = value and string.sub(value, 2)
local over = false
if mark == '+' then
  local colon = string.find(leader, ':', 1, true)
  over = (tonumber(string.sub(leader, 1, (colon or 1) - 1)) or 0) <= now
  leader = string.sub(leader, (colon or 0) + 1)
end
local function follow(token, lease)
  local ttl = math.max(tonumber(ARGV[5]), lease)
  redis.call('SET', KEYS[1], '+' .. string.format('%.0f', now + lease) .. ':' .. token, 'PX', ttl)
end
if not value or mark == '-' or over or leader == ARGV[1] then
  redis.call('HDEL', KEYS[2], ARGV[1])
  if redis.call('HLEN', KEYS[2]) > 0 then
    follow(ARGV[1], tonumber(ARGV[2]))
  else
    redis.call('SET', KEYS[1], '?' .. ARGV[1], 'PX', ARGV[2])
  end
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
  follow(leader, math.max(0, redis.call('PTTL', KEYS[1])))
elseif redis.call('PTTL', KEYS[1]) < tonumber(ARGV[5]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return {'F', leader}
