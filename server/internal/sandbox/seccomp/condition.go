package seccomp

import (
	"fmt"
	"slices"
)

// test compares the low 32 bits of one argument. The kernel truncates every
// argument that stands in a condition here to 32 bits (int, unsigned int,
// umode_t), so that a comparison of 64 bits could be passed by with bit 32
// (CVE-2019-10063).
type test struct {
	arg    int    // 0 to 5
	mask   uint32 // applied first; allBits for none
	values []uint32
	except bool // holds when the masked value is none of values
}

const allBits = 0xffffffff

// clause holds when all its tests hold.
type clause []test

// condition holds when one of its clauses holds. An empty condition is always
// true: it is what a call without limits has.
type condition []clause

// key tells conditions apart. Equal conditions share one block of the program.
func (c condition) key() string { return fmt.Sprint([]clause(c)) }

// grant is what the names of a request come to for one call.
type grant struct {
	given bool // the zero grant is none, not an unconditional one
	when  condition
}

// or widens a grant by another condition. An unconditional one swallows all.
func (g grant) or(when condition) grant {
	if !g.given {
		return grant{given: true, when: slices.Clone(when)}
	}
	if len(g.when) == 0 || len(when) == 0 {
		return grant{given: true}
	}
	merged := slices.Clone(g.when)
	for _, cl := range when {
		same := func(other clause) bool { return condition{other}.key() == condition{cl}.key() }
		if !slices.ContainsFunc(merged, same) {
			merged = append(merged, cl)
		}
	}
	return grant{given: true, when: merged}
}

// The words that conditions are written with.

func only(arg int, values ...uint32) test {
	return test{arg: arg, mask: allBits, values: values}
}

func except(arg int, values ...uint32) test {
	return test{arg: arg, mask: allBits, values: values, except: true}
}

// masked holds when the argument, masked, is one of the values.
func masked(arg int, mask uint32, values ...uint32) test {
	return test{arg: arg, mask: mask, values: values}
}

// without holds when none of the bits is set.
func without(arg int, bits uint32) test { return masked(arg, bits, 0) }

// when makes a condition of a single clause.
func when(tests ...test) condition { return condition{tests} }
