-- Puts a worker into the list of workers, by the server's clock, and forgets the silent ones.
-- KEYS: 1 sorted set of worker ids by the time of their last heartbeat
-- ARGV: 1 worker id, 2 time to live of a heartbeat in ms
-- Removing comes first: when memory is full Redis refuses a script that begins by writing more.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ARGV[2]))
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
return nil
