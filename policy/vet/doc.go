// Package vet judges a policy before it is installed, and says what it found in
// the forms that people, programs and code review read.
//
// It refuses to look at a host: names get synthetic ids, no file is opened and
// nothing is started, so that it runs in a review, unprivileged. It waives
// nothing by itself: a warning goes away when its rule says accept and why. The
// zero Report fails.
//
// A Report is plain data; its methods are safe for concurrent use as long as
// nobody changes it.
package vet
