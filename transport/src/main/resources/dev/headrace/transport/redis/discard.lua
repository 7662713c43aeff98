-- Removes a value that cannot be decoded, unless another has replaced it meanwhile.
-- KEYS: 1 a result or a cached outcome
-- ARGV: 1 the bytes that could not be decoded
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return nil
