package seccomp

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNamesThatCannotBeHad(t *testing.T) {
	tests := []struct {
		name   string
		names  []string
		reason Reason
		text   string
	}{
		{"nothing", nil, TooMany, "a seccomp list needs 1 to 1024 names"},
		{"too many", make([]string, MaxNames+1), TooMany, "a seccomp list needs 1 to 1024 names"},
		{"typo", []string{"@default", "opne"}, UnknownSyscall, `unknown syscall "opne"; did you mean "open"?`},
		{"typo at the end", []string{"scoket"}, UnknownSyscall, `unknown syscall "scoket"; did you mean "socket"?`},
		{"nothing near", []string{"xxxxxxxxxxxx"}, UnknownSyscall, `unknown syscall "xxxxxxxxxxxx"`},
		{"unknown set", []string{"@netlnk"}, UnknownSet, `unknown seccomp set "@netlnk"; did you mean "@netlink"?`},
		{"empty", []string{""}, Malformed, `malformed seccomp name ""; want @set or a syscall name in lower case`},
		{"only @", []string{"@"}, Malformed, `malformed seccomp name "@"; want @set or a syscall name in lower case`},
		{"upper case", []string{"READ"}, Malformed, `malformed seccomp name "READ"; want @set or a syscall name in lower case`},
		{"NUL", []string{"read\x00x"}, Malformed, `malformed seccomp name "read\x00x"; want @set or a syscall name in lower case`},
		{"space", []string{"read "}, Malformed, `malformed seccomp name "read "; want @set or a syscall name in lower case`},
		{"number", []string{"0"}, UnknownSyscall, `unknown syscall "0"`},
		{"long", []string{strings.Repeat("a", 65)}, Malformed, ""},
		{"forbidden", []string{"bpf"}, Forbidden, `syscall "bpf" cannot be allowed: it loads or runs code in the kernel`},
		{"mount", []string{"mount"}, Forbidden, `syscall "mount" cannot be allowed: mounting is what the set @mount is for`},
		{"clone3", []string{"@default", "clone3"}, Forbidden, ""},
		{"execveat", []string{"execveat"}, Forbidden, ""},
		{"set after bad name", []string{"@default", "io_uring_setup", "@exec"}, Forbidden, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			filter, err := compile(amd64Target(), Request{Names: tt.names})
			var bad *NameError
			if !errors.As(err, &bad) || bad.Reason != tt.reason {
				t.Fatalf("got %#v, want reason %d", err, tt.reason)
			}
			if tt.text != "" && err.Error() != tt.text {
				t.Errorf("got %q, want %q", err, tt.text)
			}
			if filter.Instructions() != 0 {
				t.Errorf("an error came with %d instructions", filter.Instructions())
			}
		})
	}
}

func TestOtherArchitecture(t *testing.T) {
	_, err := compile(arm64Target(), Request{Names: []string{"@default", "open"}})
	if want := `syscall "open" does not exist on arm64`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestDeniedEverywhere lists by itself what no policy may name (T073).
func TestDeniedEverywhere(t *testing.T) {
	const denied = `bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register ptrace
		process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd keyctl add_key request_key
		kexec_load kexec_file_load init_module finit_module delete_module open_by_handle_at
		name_to_handle_at fanotify_init lookup_dcookie acct quotactl quotactl_fd swapon swapoff reboot
		settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname iopl ioperm modify_ldt
		vhangup syslog uselib ustat sysfs _sysctl nfsservctl mbind set_mempolicy migrate_pages move_pages
		vmsplice memfd_secret memfd_create chroot pivot_root mount umount2 fsopen fsconfig fsmount fspick
		move_mount open_tree mount_setattr setns unshare clone3 openat2 execveat`
	var names []string
	for _, s := range sets() {
		names = append(names, s.name)
	}
	filter, err := compile(amd64Target(), Request{Names: slices.DeleteFunc(names, func(name string) bool {
		return name == "@mount" || name == "@netns"
	})})
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(denied) {
		t.Run("T073/"+name, func(t *testing.T) {
			_, err := compile(amd64Target(), Request{Names: []string{"@default", name}})
			var bad *NameError
			if !errors.As(err, &bad) || bad.Reason != Forbidden || bad.Why == "" {
				t.Errorf("naming it: got %v, want a reason", err)
			}
			want := uint32(eperm)
			if name == "clone3" || name == "openat2" {
				want = enosys
			}
			nr, err := amd64Target().number(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := simulate(filter.Bytes(), nr, 0xc000003e, args{})
			if err != nil || got != want {
				t.Errorf("got %#x, %v; want %#x", got, err, want)
			}
		})
	}
}

// TestForbiddenNamesExist keeps a typo in the table from allowing a call.
func TestForbiddenNamesExist(t *testing.T) {
	for name, why := range forbidden() {
		if _, err := amd64Target().number(name); err != nil {
			if bad := (*NameError)(nil); !errors.As(err, &bad) || bad.Reason != OtherArch {
				t.Errorf("%s: %v", name, err)
			}
		}
		if why == "" || !wellFormed(name) {
			t.Errorf("%q has reason %q", name, why)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"", "@", "@default", "@default,read", "opne", "read\x00", "é", "@mount,mount", "execve,clone"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		filter, err := Compile(Request{Names: strings.Split(list, ",")})
		if err != nil {
			var bad *NameError
			if !errors.As(err, &bad) || bad.Error() == "" {
				t.Errorf("got %v, want a NameError", err)
			}
			if filter.Instructions() != 0 {
				t.Error("an error came with a filter")
			}
			return
		}
		if _, err := decode(filter.Bytes()); err != nil {
			t.Errorf("%q: %v", list, err)
		}
	})
}
