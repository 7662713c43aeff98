-- Notes that Kafka has outcomes; one that is gone meanwhile stays gone.
-- KEYS: result hashes, all in one slot
for i = 1, #KEYS do
  if redis.call('HEXISTS', KEYS[i], 'o') == 1 then
    redis.call('HSET', KEYS[i], 'p', '1')
  end
end
return nil
