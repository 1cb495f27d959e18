package policy

import (
	"path"
	"strings"
	"testing"
)

// Every variable by which a caller could take over a program, in one of the two
// lists. Names that a policy may pass in any type stand in the last.
func TestEnvNames(t *testing.T) {
	const (
		never = `LD_PRELOAD LD_AUDIT ld_library_path DYLD_X GLIBC_TUNABLES GCONV_PATH GETCONF_DIR LOCPATH NLSPATH
			MALLOC_CHECK_ NIS_PATH HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_HOST_CONF
			PYTHONPATH PYTHONSTARTUP PERL5LIB PERL5OPT PERLLIB PERL_UNICODE RUBYLIB RUBYOPT NODE_OPTIONS NODE_PATH
			LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_INIT TCLLIBPATH GUILE_LOAD_PATH GUILE_LOAD_COMPILED_PATH
			PHPRC PHP_INI_SCAN_DIR AWKPATH AWKLIBPATH R_PROFILE R_PROFILE_USER CLASSPATH JAVA_TOOL_OPTIONS
			_JAVA_OPTIONS JDK_JAVA_OPTIONS BASH_ENV BASHOPTS BASH_FUNC_x BASH_XTRACEFD ENV SHELLOPTS ZDOTDIR PS4
			PROMPT_COMMAND IFS CDPATH PATH SHELL GIO_EXTRA_MODULES GIO_MODULE_DIR QT_PLUGIN_PATH GTK_MODULES
			GTK3_MODULES OPENSSL_CONF OPENSSL_MODULES SSLKEYLOGFILE XTABLES_LIBDIR IPTABLES_LIB_DIR TAR_OPTIONS
			RSYNC_RSH RSYNC_PROXY MAKEFLAGS MFLAGS GCC_EXEC_PREFIX COMPILER_PATH SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR
			TMPDIR TMP TEMP TERMINFO TERMINFO_DIRS TERMCAP TERMPATH GEM_HOME`
		config = `HOME XDG_CONFIG_HOME LVM_SYSTEM_DIR GIT_DIR GIT_SSH_COMMAND GIT_PAGER KUBECONFIG MY_CONFIG_FILE
			CURL_HOME WGETRC SYSTEM_WGETRC PAGER MANPAGER SYSTEMD_PAGER EDITOR VISUAL BROWSER LESSOPEN LESSCLOSE
			LESSKEY LESSKEYIN SSL_CERT_FILE SSL_CERT_DIR TZDIR MANPATH XTABLES_LOCKFILE`
		free = "LANG LC_ALL LANGUAGE TZ TERM TAG COLUMNS LINES NO_COLOR LOAD MALLOCX PATHS ENVX TEMPERATURE IFSX"
	)
	for name := range strings.FieldsSeq(never) {
		if refusedEnv(name) == "" {
			t.Errorf("%s may pass", name)
		}
	}
	for name := range strings.FieldsSeq(config) {
		if refusedEnv(name) != "" || !matchesEnv(configEnv, name) {
			t.Errorf("%s may pass as any type, or not at all", name)
		}
	}
	for name := range strings.FieldsSeq(free) {
		if refusedEnv(name) != "" || matchesEnv(configEnv, name) {
			t.Errorf("%s may not pass", name)
		}
	}
	all := configEnv
	for _, g := range loaderEnv {
		all += " " + g.names
	}
	for p := range strings.FieldsSeq(all) {
		if _, err := path.Match(p, "X"); err != nil || p != strings.ToUpper(p) {
			t.Errorf("the pattern %s matches nothing: %v", p, err)
		}
	}
}
