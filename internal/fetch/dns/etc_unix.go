//go:build unix && !darwin

package dns

// hasResolvConf says that resolv.conf is how the system's programs find their servers.
const hasResolvConf = true

func defaultEtc() string { return "/etc" }
