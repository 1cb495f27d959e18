package audit

import (
	"testing"
)

// benchRecord is an INTENT of the usual size.
func benchRecord() *Record {
	r := intent("01J9ZK6T5R3V8Q")
	r.PolicySHA256 = ArgvSHA256(nil)
	r.Request.Env = []string{"LANG"}
	r.Request.TimeoutMS = 30000
	r.Launch.Argv0 = "ip"
	r.Launch.Seccomp = []string{"default", "net"}
	r.Launch.ArgvSHA256 = ArgvSHA256(r.Request.Argv)
	return r
}

func BenchmarkEncode(b *testing.B) {
	r := benchRecord()
	r.BootID = "8a6f3a39-4c2b-4f0e-9d0c-1c1f6b6a7a11"
	buf := r.AppendJSON(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = r.AppendJSON(buf[:0])
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, bb := range []struct {
		name string
		r    *Record
	}{{"intent", benchRecord()}, {"end", end("01J9ZK6T5R3V8Q")}} {
		b.Run(bb.name, func(b *testing.B) {
			w := mustOpen(b, b.TempDir(), Options{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Append(bb.r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	w, r := mustOpen(b, b.TempDir(), Options{}), benchRecord()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Append(r); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	w := mustOpen(b, dir, Options{})
	for i := range 2000 {
		mustAppend(b, w, intent(executionID(i)))
		mustAppend(b, w, end(executionID(i)))
	}
	b.SetBytes(w.size)
	for b.Loop() {
		mustVerify(b, dir, w)
	}
}
