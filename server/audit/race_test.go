//go:build race

package audit

// raceEnabled makes tests smaller that the race detector slows tenfold.
const raceEnabled = true
