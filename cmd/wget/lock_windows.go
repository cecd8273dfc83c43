package wget

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks f for this process, and reports whether no other has it. The lock
// ends with the process, however that ends.
func tryLock(f *os.File) (bool, error) {
	const beyondTheText = 1 << 30 // a lock on Windows keeps others from reading what is locked
	at := &windows.Overlapped{OffsetHigh: beyondTheText}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	switch err {
	case nil:
		return true, nil
	case windows.ERROR_LOCK_VIOLATION:
		return false, nil
	}
	return false, &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
}

// renameOpen closes a file and renames it, which is not to be had while it is open.
func renameOpen(f *os.File, to string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}

// syncDir is not needed: the names are written through.
func syncDir(string) error { return nil }
