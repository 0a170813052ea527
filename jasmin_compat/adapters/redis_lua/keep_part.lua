-- key, seconds it is kept, number, octets; gives all parts kept: number, octets, number, …
redis.call('HSET', ARGV[1], ARGV[3], ARGV[4])
redis.call('EXPIRE', ARGV[1], ARGV[2])
return redis.call('HGETALL', ARGV[1])
