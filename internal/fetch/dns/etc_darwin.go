package dns

// hasResolvConf is false: resolv.conf is there, but macOS asks servers by domain and by network, which it does not say.
const hasResolvConf = false

func defaultEtc() string { return "/etc" }
