package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// shared are the budgets that all nodes spend from. Redis holds nothing of
// which a client's address or a link could be read: keys are keyed hashes, and
// they are gone when the budget is full again.
type shared struct {
	client  *redis.Client
	limiter *redis_rate.Limiter
	secret  []byte
	rest    atomic.Int64 // Unix time in microseconds before which Redis is not asked
	faults  atomic.Int64
}

// redisRest is how long Redis is left alone after it failed: a request must not
// wait for it each time.
const redisRest = 5 * time.Second

// redisPatience is how long a request waits for Redis at most.
const redisPatience = 250 * time.Millisecond

var errRedisAway = errors.New("budgets cannot be counted together: Redis is away")

// Share makes the nodes count together. secret is the deployment's, the same on
// every node.
func (l *Limits) Share(client *redis.Client, secret []byte) {
	l.shared = &shared{client: client, limiter: redis_rate.NewLimiter(client), secret: secret}
}

func (s *shared) take(ctx context.Context, key string, r Rate, now time.Time) (time.Duration, error) {
	if now.UnixMicro() < s.rest.Load() {
		return 0, errRedisAway
	}
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte(key))
	asking, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	name := "fangxin/" + base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
	res, err := s.limiter.Allow(asking, name, redis_rate.Limit{Rate: 1, Burst: r.Burst, Period: r.Every})
	if err != nil && ctx.Err() != nil { // the caller's time is up, not Redis
		return 0, errRedisAway
	}
	if err != nil {
		s.faults.Add(1)
		s.rest.Store(now.Add(redisRest).UnixMicro())
		return 0, errRedisAway
	}
	if res.Allowed == 0 {
		return max(res.RetryAfter, time.Millisecond), nil
	}
	return 0, nil
}

func (s *shared) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	return s.client.Ping(ctx).Err()
}
