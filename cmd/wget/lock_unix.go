//go:build unix

package wget

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock locks f for this process, and reports whether no other has it. The lock
// ends with the process, however that ends.
func tryLock(f *os.File) (bool, error) {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case nil:
			return true, nil
		case unix.EWOULDBLOCK:
			return false, nil
		case unix.EINTR:
		default:
			return false, &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// renameOpen renames a file and closes it: no other process can lock it under its
// old name.
func renameOpen(f *os.File, to string) error {
	defer f.Close()
	return os.Rename(f.Name(), to)
}

// syncDir makes the names in a directory last through a loss of power.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
