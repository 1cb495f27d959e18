package policy

import (
	"path"
	"strings"
)

// loaderEnv lists, by reason, variables that no caller may give: whoever sets
// them owns the program. "*" stands for any characters, as in path.Match; case
// does not count.
var loaderEnv = []struct{ why, names string }{
	{
		"it chooses what the loader or the C library loads or trusts",
		"LD_* DYLD_* GLIBC_TUNABLES GCONV_PATH GETCONF_DIR LOCPATH NLSPATH MALLOC_* LIBC_* NIS_PATH",
	},
	{
		"it chooses how the C library resolves names of hosts",
		"HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_*",
	},
	{
		"it chooses what an interpreter loads or runs",
		"PYTHON* PERL* RUBY* GEM_* BUNDLE_* NODE_* LUA_* TCL* GUILE_* PHPRC PHP_* AWKPATH AWKLIBPATH " +
			"R_PROFILE* R_ENVIRON* R_HOME R_LIBS* CLASSPATH _JAVA_OPTIONS JAVA_* JDK_*",
	},
	{
		"it chooses what a shell runs, or how it splits words",
		"BASH* ENV SHELLOPTS KSH_* ZDOTDIR PS4 PROMPT_COMMAND IFS CDPATH PATH SHELL",
	},
	{
		"it chooses which modules a library loads",
		"GIO_* QT_*PLUGIN* GTK*MODULE* OPENSSL_* SSLKEYLOGFILE XTABLES_LIBDIR IPTABLES_LIB_DIR",
	},
	{
		"it holds options, and options start programs",
		"TAR_OPTIONS RSYNC_* MAKEFLAGS MFLAGS GNUMAKEFLAGS GCC_EXEC_PREFIX COMPILER_PATH LESSKEY_CONTENT SYSTEMD_LESS LESS",
	},
	{
		"it names the program that asks for a password",
		"SSH_ASKPASS* SUDO_*",
	},
	{
		"it moves temporary files to where somebody else may write",
		"TMPDIR TMP TEMP",
	},
	{
		"it names a terminal description, which libraries parse without suspicion",
		"TERMINFO* TERMCAP TERMPATH",
	},
}

// configEnv are variables that make a program read another configuration or
// start another program: a value that a caller gives must be a checked path.
// HOME is where most configurations stand; a pager or editor is started by
// name; certificates are whom a program trusts; a time zone is a file.
const configEnv = "*CONFIG* XDG_* HOME LVM_SYSTEM_DIR GIT_* CURL_HOME *WGETRC INPUTRC NETRC MANPATH XTABLES_LOCKFILE " +
	"*PAGER *EDITOR VISUAL BROWSER LESSOPEN LESSCLOSE LESSKEY* " +
	"SSL_CERT_* *_CA_BUNDLE TZDIR"

// matchesEnv reports whether one of the patterns is name's.
func matchesEnv(patterns, name string) bool {
	name = strings.ToUpper(name)
	for p := range strings.FieldsSeq(patterns) {
		// The error is of a bad pattern; a test looks at them all.
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

// refusedEnv returns why no caller may give a variable, or "" when one may.
func refusedEnv(name string) string {
	for _, g := range loaderEnv {
		if matchesEnv(g.names, name) {
			return g.why
		}
	}
	return ""
}
