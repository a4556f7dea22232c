/**
 * The scripts that Redis runs. Each rule has one key, which expires by itself. One stream lists all rules, and nodes
 * read the new ones there. Streams need Redis 5. The scripts trim entries with XRANGE and XDEL, because MINID needs
 * Redis 6.2.
 */

/**
 * Adds a rule. Of two rules under one key, the later moment and the longer life count. 0 ms to live means permanently.
 *
 * KEYS: the rule, the stream, and the revocation's name if it has one: copies of one rule are listed once. ARGV: the
 * second before which tokens are refused, ms to live, the message, ms that the stream goes back, and ms within which
 * copies come.
 */
export const ADD_RULE = `
local value, life = ARGV[1], tonumber(ARGV[2])
local known = redis.call('GET', KEYS[1])
if known then
  local left = redis.call('PTTL', KEYS[1])
  if tonumber(known) > tonumber(value) then value = known end
  if left < 0 then life = 0 elseif life > 0 then life = math.max(life, left) end
end
if life == 0 then redis.call('SET', KEYS[1], value)
else redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', life)) end
if KEYS[3] and not redis.call('SET', KEYS[3], '', 'NX', 'PX', ARGV[5]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'rule', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local time = redis.call('TIME')
local over = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[4])
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', string.format('%.0f', over), 'COUNT', 100)) do
  redis.call('XDEL', KEYS[2], entry[1])
end
return 1`;

/**
 * Reads the stream.
 *
 * KEYS: the stream. ARGV: the first id, and how many entries.
 * Answers the time in ms, then id and message of each entry.
 */
export const READ_RULES = `
local time = redis.call('TIME')
local answer = { string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) }
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])) do
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer`;
