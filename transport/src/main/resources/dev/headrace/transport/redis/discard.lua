-- Removes a result that cannot be decoded, unless another has replaced it meanwhile.
-- KEYS: 1 result hash
-- ARGV: 1 the bytes that could not be decoded
if redis.call('HGET', KEYS[1], 'o') == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return nil
