-- Notes that Kafka has an outcome; one that is gone meanwhile stays gone.
-- KEYS: 1 result hash
if redis.call('HEXISTS', KEYS[1], 'o') == 1 then
  redis.call('HSET', KEYS[1], 'p', '1')
end
return nil
