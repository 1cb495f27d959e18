// Package resolved writes a rule as it stands once its profiles and the
// defaults of its file are merged, and says of each part where it was written.
//
// It refuses to leave anything out: what no file says is written too, with the
// origin "base", and the text is itself a policy file which loads to the same
// effect. It reads no file and no host.
package resolved
