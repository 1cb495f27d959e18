package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// benchCase is one way to do the work, once.
type benchCase struct {
	name string
	once func(ctx context.Context) error
}

// samples are the times of each case, by name; sample i of every case was taken in
// the same round.
type samples map[string][]time.Duration

// warmup rounds are not counted.
const warmup = 5

// interleave runs every case once a round, so that whatever else the machine does
// meets all of them. The first case of a round changes, so that none always follows
// the same other.
func interleave(ctx context.Context, cases []benchCase, rounds int) (samples, error) {
	out := samples{}
	for round := range warmup + rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range cases {
			c := cases[(round+i)%len(cases)]
			began := time.Now()
			if err := c.once(ctx); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if took := time.Since(began); round >= warmup {
				out[c.name] = append(out[c.name], took)
			}
		}
	}
	return out, nil
}

// quantile returns the value below which the share q of values lies, by nearest
// rank. It returns the zero value of no values.
func quantile[T cmp.Ordered](values []T, q float64) T {
	if len(values) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// ratio returns the median of a over the median of b, and the median of the ratios
// within a round, which a drift of the machine does not move.
func (s samples) ratio(a, b string) (medians, paired float64) {
	var pairs []float64
	for i := range min(len(s[a]), len(s[b])) {
		pairs = append(pairs, float64(s[a][i])/float64(max(s[b][i], 1)))
	}
	return float64(quantile(s[a], 0.5)) / float64(max(quantile(s[b], 0.5), 1)), quantile(pairs, 0.5)
}

// load is the throughput of a number of callers, in commands a second.
type load struct {
	Callers          int
	Rootgate, OSExec float64
}

// callers are the numbers of concurrent callers that throughput tries.
var callers = []int{1, 8, 64}

// throughput runs blocks of commands by concurrent callers, a block of rootgate and
// a block of os/exec in turn, and returns the medians.
func throughput(ctx context.Context, c *calls, blocks, commands int) ([]load, error) {
	var out []load
	for _, n := range callers {
		var rootgate, osExec []float64
		for range blocks {
			for _, side := range []struct {
				rates *[]float64
				once  func(ctx context.Context, caller int) error
			}{
				{&rootgate, c.execute},
				{&osExec, func(ctx context.Context, _ int) error { return runTrue(ctx) }},
			} {
				rate, err := block(ctx, n, commands, side.once)
				if err != nil {
					return nil, fmt.Errorf("%d callers: %w", n, err)
				}
				*side.rates = append(*side.rates, rate)
			}
		}
		out = append(out, load{Callers: n, Rootgate: quantile(rootgate, 0.5), OSExec: quantile(osExec, 0.5)})
	}
	return out, nil
}

// block runs commands, shared evenly by n callers, and returns how many ended a
// second. The first error ends its caller and is returned.
func block(ctx context.Context, n, commands int, once func(ctx context.Context, caller int) error) (float64, error) {
	var wg sync.WaitGroup
	errs := make([]error, n)
	began := time.Now()
	each := commands / n
	for caller := range n {
		wg.Go(func() {
			for range each {
				if errs[caller] = once(ctx, caller); errs[caller] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	rate := float64(each*n) / time.Since(began).Seconds()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return rate, nil
}
