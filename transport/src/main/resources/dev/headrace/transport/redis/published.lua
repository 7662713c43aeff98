-- Notes that Kafka has outcomes; one that is gone meanwhile stays gone.
-- KEYS: results, all in one slot
-- ARGV: 1 first byte of a result that is not noted, 2 of one that is
for i = 1, #KEYS do
  if redis.call('GETRANGE', KEYS[i], 0, 0) == ARGV[1] then
    redis.call('SETRANGE', KEYS[i], 0, ARGV[2])
  end
end
return nil
