from aiofiles.threadpool import open as open, stderr as stderr, stdin as stdin, stdout as stdout
