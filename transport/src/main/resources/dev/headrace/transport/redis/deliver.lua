-- Stores outcomes of one client's requests where a request has none, and announces those.
-- KEYS: 1 reply stream, then a result for each outcome
-- ARGV: 1 time to live of results in ms, 2 entries that the stream keeps, 3 its time to live in ms,
--       then for each outcome: the outcome, and the request id, or empty when it is not announced
-- Returns nothing when all were stored, else for each outcome nothing or the one that stands.
local standing = false
local announced = {'XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*'}
local failure
for i = 2, #KEYS do
  local at = 2 * i
  if redis.call('SET', KEYS[i], ARGV[at], 'NX', 'PX', ARGV[1]) then
    if ARGV[at + 1] ~= '' then
      announced[#announced + 1] = 'id'
      announced[#announced + 1] = ARGV[at + 1]
    end
    if standing then standing[i - 1] = false end
  else
    if not standing then
      standing = {}
      for j = 1, i - 2 do standing[j] = false end
    end
    local there = redis.pcall('GET', KEYS[i])
    if type(there) == 'table' then
      -- What was stored before it must be announced all the same.
      failure = {err = there.err .. ' ' .. KEYS[i]}
      there = false
    end
    standing[i - 1] = there
  end
end
if #announced > 6 then
  redis.call(unpack(announced))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return failure or standing
