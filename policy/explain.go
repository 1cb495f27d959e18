package policy

// Explain returns the decision on req as text for a terminal, lines ending in
// newlines: the nearest line, where the request stopped matching, what was
// expected there and the code.
func (d Decision) Explain(req Request) string { return "" }
