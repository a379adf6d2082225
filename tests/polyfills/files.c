/* What works on files: statx, preadv2, pwritev2, renameat2, posix_getdents, posix_fallocate64. */
#include "prove.h"
/* The kernel's structure under a name of its own: musl before 1.2.5 has none, and later ones have another header. */
#define statx linux_statx
#define statx_timestamp linux_statx_timestamp
#include <linux/stat.h>
#undef statx
#undef statx_timestamp
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define FAR (5LL << 30) /* beyond what 32 bits hold */
#define UNKNOWN 0x40000000 /* no flag */

/* --- statx */

typedef int statx_function(int, const char *, int, unsigned, struct linux_statx *);

static void check_against_stat(const struct linux_statx *found, const struct stat *known)
{
	SAME(found->stx_mask & 0x7ff, 0x7ff);
	SAME(found->stx_mode, known->st_mode);
	SAME(found->stx_nlink, known->st_nlink);
	SAME(found->stx_uid, known->st_uid);
	SAME(found->stx_gid, known->st_gid);
	SAME(found->stx_ino, known->st_ino);
	SAME(found->stx_size, known->st_size);
	SAME(found->stx_blocks, known->st_blocks);
	SAME(found->stx_blksize, known->st_blksize);
	SAME(found->stx_mtime.tv_sec, known->st_mtim.tv_sec);
	SAME(found->stx_ctime.tv_sec, known->st_ctim.tv_sec);
	SAME(found->stx_atime.tv_sec, known->st_atim.tv_sec);
	if (!is_emulated) { /* qemu gives s390x no nanoseconds in fstatat */
		SAME(found->stx_mtime.tv_nsec, known->st_mtim.tv_nsec);
		SAME(found->stx_ctime.tv_nsec, known->st_ctim.tv_nsec);
		SAME(found->stx_atime.tv_nsec, known->st_atim.tv_nsec);
	}
	SAME(makedev(found->stx_dev_major, found->stx_dev_minor), known->st_dev);
	SAME(makedev(found->stx_rdev_major, found->stx_rdev_minor), known->st_rdev);
}

/* Return whether nobody else touched the file in between, so that both answers are about the same. */
static int stat_both_once(int directory, const char *path, int flags)
{
	struct linux_statx found, zeros = {0};
	struct stat known, after;
	int expected = fstatat(directory, path, &known, flags), error = errno, answer;

	if (sizeof(long) == 4 && expected && error == EPERM)
		return 1; /* 32-bit musl asks statx as well, and takes this answer for the file's own */
	memset(&found, 0xff, sizeof found);
	errno = 4711;
	answer = ((statx_function *)ours)(directory, path, flags, 0x7ff, &found);
	SAME(answer, expected);
	if (answer) {
		SAME(errno, error);
		return 1;
	}
	SAME(errno, 4711);
	if (fstatat(directory, path, &after, flags) || memcmp(&known, &after, sizeof known))
		return 0;
	check_against_stat(&found, &known);
	if (*mode) {
		SAME(found.stx_mask, 0x7ff);
		SAME(found.stx_attributes | found.stx_attributes_mask | found.stx_btime.tv_sec, 0);
		CHECK(!memcmp((char *)&found + 0x90, (char *)&zeros + 0x90, sizeof found - 0x90));
	}
	return 1;
}

static void stat_both(int directory, const char *path, int flags)
{
	int tries = 100;

	while (!stat_both_once(directory, path, flags))
		CHECK(tries--);
}

/* The answer, errno and bytes of the polyfill are those of the kernel. */
static void statx_as_kernel(int directory, const char *path, int flags, unsigned mask)
{
	struct linux_statx found, known;
	int expected, error, answer;

	memset(&known, 0, sizeof known);
	memset(&found, 0, sizeof found);
	expected = (int)syscall(SYS_statx, directory, path, flags, mask, &known);
	error = errno;
	answer = ((statx_function *)ours)(directory, path, flags, mask, &found);
	SAME(answer, expected);
	if (answer)
		SAME(errno, error);
	CHECK(!memcmp(&found, &known, sizeof found));
}

static void check_statx_flags(const char *path)
{
	struct linux_statx found;
	statx_function *statx = ours;
	static const int flags[] = {0x2000, 0x4000, 0};
	size_t i;

	for (i = 0; i < 3; i++)
		SAME(statx(AT_FDCWD, path, flags[i], 0x7ff, &found), 0);
	SAME(statx(AT_FDCWD, path, 0x6000, 0x7ff, &found), -1);
	SAME(errno, EINVAL);
	SAME(statx(AT_FDCWD, path, 0, 0x80000000u, &found), -1);
	SAME(errno, EINVAL);
	SAME(statx(AT_FDCWD, path, UNKNOWN, 0x7ff, &found), -1);
	SAME(errno, EINVAL);
	SAME(statx(AT_FDCWD, "/nowhere", 0, 0x7ff, &found), -1);
	SAME(errno, ENOENT);
	SAME(statx(-7, "nowhere", 0, 0x7ff, &found), -1);
	SAME(errno, EBADF);
}

void prove_statx(void)
{
	static const char *const paths[] = {"/", "/dev/null", "/dev/zero", "/usr", "/etc/passwd", "/bin", "", "/no"};
	static const int flags[] = {0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH};
	int file = temporary(), root = open("/", O_RDONLY | O_DIRECTORY);
	size_t i, j;

	SAME(ftruncate(file, FAR + 12345), 0);
	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		for (j = 0; j < 4; j++) {
			stat_both(AT_FDCWD, paths[i], flags[j]);
			stat_both(file, paths[i], flags[j]);
			stat_both(root, paths[i], flags[j]);
		}
	stat_both(root, "dev/null", 0);
	stat_both(file, "relative", 0);
	check_statx_flags("/dev/null");
	for (i = 0; i < 2000 && !*mode && !is_emulated; i++)
		statx_as_kernel(below(4) ? file : -7, paths[below(3) ? 6 : 7], (int)below(1 << 16), (unsigned)chance());
}

/* --- preadv2, pwritev2 */

typedef ssize_t vector_function(int, const struct iovec *, int, off_t, int);
typedef ssize_t at_function(int, const struct iovec *, int, off_t);
typedef ssize_t plain_function(int, const struct iovec *, int);

static unsigned char near[4096], room[2][4096];

static int fill_vector(struct iovec *vector, unsigned char *bytes)
{
	int count = (int)below(6), i;
	size_t used = 0;

	for (i = 0; i < count; i++) {
		vector[i].iov_base = bytes + used;
		vector[i].iov_len = below(600);
		used += vector[i].iov_len;
	}
	return count;
}

/* One call with flags 0, beside readv or preadv: answer, errno, bytes, and where the file stands. */
static void move_once(int file, int twin, off_t offset, at_function *at, plain_function *plain, int is_write)
{
	struct iovec mine[6], theirs[6];
	int count, i, error;
	ssize_t answer, expected;

	memset(room, 0, sizeof room);
	for (i = 0; i < 4096 && is_write; i++)
		room[0][i] = room[1][i] = (unsigned char)chance();
	count = fill_vector(mine, room[0]);
	for (i = 0; i < count; i++) {
		theirs[i].iov_len = mine[i].iov_len;
		theirs[i].iov_base = room[1] + ((unsigned char *)mine[i].iov_base - room[0]);
	}
	expected = offset == -1 ? plain(twin, theirs, count) : at(twin, theirs, count, offset);
	error = errno;
	errno = 4711;
	answer = ((vector_function *)ours)(file, mine, count, offset, 0);
	SAME(answer, expected);
	SAME(errno, answer < 0 ? error : 4711);
	CHECK(!memcmp(room[0], room[1], sizeof *room));
	SAME(lseek(file, 0, SEEK_CUR), lseek(twin, 0, SEEK_CUR));
}

static void same_contents(int file, int twin, off_t offset)
{
	SAME(pread(file, room[0], 4096, offset), pread(twin, room[1], 4096, offset));
	CHECK(!memcmp(room[0], room[1], 4096));
}

static void fails_alike(at_function *at, int file, const struct iovec *vector, int count, off_t offset)
{
	int error;

	SAME(at(file, vector, count, offset), -1);
	error = errno;
	SAME(((vector_function *)ours)(file, vector, count, offset, 0), -1);
	SAME(errno, error);
}

static void check_flags(int file, at_function *at)
{
	struct iovec vector = {near, 10};
	vector_function *move = ours;
	ssize_t answer = move(file, &vector, 1, 0, UNKNOWN);

	SAME(answer, -1);
	SAME(errno, EOPNOTSUPP);
	answer = move(file, &vector, 1, FAR, 1); /* RWF_HIPRI, of the first kernel that knows the call */
	CHECK(answer == 10 || (answer == -1 && errno == EOPNOTSUPP && (*mode || is_emulated)));
	answer = move(file, &vector, 1, -1, 1);
	CHECK(answer == 10 || (answer == -1 && errno == EOPNOTSUPP && (*mode || is_emulated)));
	fails_alike(at, -7, &vector, 1, 0);
	fails_alike(at, file, &vector, -1, 0);
	fails_alike(at, file, &vector, 1, -2);
}

/* With flags, the offset arrives whole: what is written there is found there and nowhere else. */
static void check_far(int file, int is_write)
{
	char word[] = "far and away", back[16] = "";
	struct iovec vector = {is_write ? word : back, sizeof word};
	ssize_t answer;

	if (!is_write)
		SAME(pwrite(file, word, sizeof word, FAR + 7), sizeof word);
	answer = ((vector_function *)ours)(file, &vector, 1, FAR + 7, 1);
	if (answer == -1 && errno == EOPNOTSUPP && (*mode || is_emulated))
		return;
	SAME(answer, sizeof word);
	if (is_write)
		SAME(pread(file, back, sizeof word, FAR + 7), sizeof word);
	CHECK(!memcmp(back, word, sizeof word));
}

static void prove_vectors(at_function *at, plain_function *plain, int is_write)
{
	static const off_t offsets[] = {-1, 0, 1, 4000, FAR, FAR + 100, -2, INT64_MIN};
	int file = temporary(), twin = temporary(), i;

	for (i = 0; i < 4096; i++)
		near[i] = (unsigned char)chance();
	for (i = 0; i < 2; i++) {
		SAME(pwrite(i ? file : twin, near, 4096, 0), 4096);
		SAME(pwrite(i ? file : twin, near, 4096, FAR), 4096);
	}
	for (i = 0; i < (is_emulated ? 200 : 3000); i++) {
		if (!below(10)) {
			off_t place = (off_t)below(4096);

			lseek(file, place, SEEK_SET);
			lseek(twin, place, SEEK_SET);
		}
		move_once(file, twin, offsets[below(8)], at, plain, is_write);
	}
	same_contents(file, twin, 0);
	same_contents(file, twin, FAR);
	check_flags(file, at);
	check_far(file, is_write);
}

void prove_preadv2(void)
{
	prove_vectors(preadv, readv, 0);
}

void prove_pwritev2(void)
{
	prove_vectors(pwritev, writev, 1);
}

/* --- renameat2 */

typedef int rename_function(int, const char *, int, const char *, unsigned);

static void put(int where, const char *name, const char *text)
{
	int file = openat(where, name, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	SAME(write(file, text, 1), 1);
	close(file);
}

static char read_from(int where, const char *name)
{
	char byte = '-';
	int file = openat(where, name, O_RDONLY);

	if (file >= 0 && read(file, &byte, 1) < 0)
		byte = '!';
	close(file);
	return byte;
}

void prove_renameat2(void)
{
	int where = open(directory(), O_RDONLY | O_DIRECTORY);
	rename_function *rename = ours;

	put(where, "a", "a");
	SAME(rename(where, "a", where, "b", 0), 0);
	CHECK(read_from(where, "a") == '-' && read_from(where, "b") == 'a');
	put(where, "a", "c");
	SAME(rename(where, "a", where, "b", 0), 0);
	CHECK(read_from(where, "a") == '-' && read_from(where, "b") == 'c');
	SAME(rename(where, "nowhere", where, "b", 0), -1);
	SAME(errno, ENOENT);
	SAME(rename(-7, "a", where, "b", 0), -1);
	SAME(errno, EBADF);
	put(where, "a", "d");
	if (*mode) {
		SAME(rename(where, "a", where, "b", 1), -1);
		SAME(errno, strcmp(mode, "EPERM") ? ENOSYS : EPERM);
	} else {
		SAME(rename(where, "a", where, "b", 1), -1); /* RENAME_NOREPLACE */
		SAME(errno, EEXIST);
		CHECK(read_from(where, "a") == 'd' && read_from(where, "b") == 'c');
		SAME(rename(where, "a", where, "b", 2), 0); /* RENAME_EXCHANGE */
		CHECK(read_from(where, "a") == 'c' && read_from(where, "b") == 'd');
		SAME(rename(where, "a", where, "b", UNKNOWN), -1);
		SAME(errno, EINVAL);
	}
	unlinkat(where, "a", 0);
	unlinkat(where, "b", 0);
}

/* --- posix_getdents */

typedef ssize_t entries_function(int, void *, size_t, int);

struct entry {
	uint64_t inode, offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static void list(int where, size_t size, int count)
{
	_Alignas(8) char buffer[4096];
	int seen[200] = {0}, total = 0;
	ssize_t filled, at;

	lseek(where, 0, SEEK_SET);
	while ((filled = ((entries_function *)ours)(where, buffer, size, 0)) > 0)
		for (at = 0; at < filled; at += ((struct entry *)(buffer + at))->length) {
			struct entry *entry = (struct entry *)(buffer + at);

			if (*entry->name == '.')
				continue;
			SAME(entry->type, DT_REG);
			CHECK(!seen[atoi(entry->name)]++);
			total++;
		}
	SAME(filled, 0);
	SAME(total, count);
}

void prove_posix_getdents(void)
{
	int where = open(directory(), O_RDONLY | O_DIRECTORY), file = temporary(), i;
	_Alignas(8) char buffer[4096] = "", theirs[4096] = ""; /* the kernel leaves what is between entries */
	entries_function *entries = ours, *known = libcs;
	char name[16];

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "%d", i);
		put(where, name, "x");
	}
	list(where, 4096, 100);
	list(where, 300, 100);
	list(where, 64, 100);
	lseek(where, 0, SEEK_SET);
	SAME(entries(where, buffer, 1, 0), -1);
	SAME(errno, EINVAL);
	SAME(entries(where, buffer, 4096, 1), -1);
	SAME(errno, EOPNOTSUPP);
	SAME(entries(file, buffer, 4096, 0), -1);
	SAME(errno, ENOTDIR);
	SAME(entries(-7, buffer, 4096, 0), -1);
	SAME(errno, EBADF);
	memset(buffer, 0, sizeof buffer);
	if (known) {
		SAME(known(where, theirs, 4096, 1), -1);
		SAME(errno, EOPNOTSUPP);
		lseek(where, 0, SEEK_SET);
		i = (int)known(where, theirs, 4096, 0);
		lseek(where, 0, SEEK_SET);
		SAME(entries(where, buffer, 4096, 0), i);
		CHECK(!memcmp(buffer, theirs, (size_t)i));
	}
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "%d", i);
		unlinkat(where, name, 0);
	}
}

/* --- posix_fallocate64 */

typedef int allocate_function(int, off_t, off_t);

void prove_posix_fallocate64(void)
{
	static const off_t offsets[] = {0, 1, 5000, FAR, -1, INT64_MAX}, lengths[] = {0, 1, 4096, 9000, -1, INT64_MAX};
	int file = temporary(), twin = temporary(), pipes[2], expected, error, i, j;
	struct stat one, two;

	for (i = 0; i < 6; i++)
		for (j = 0; j < 6; j++) {
			errno = 4711;
			expected = posix_fallocate(twin, offsets[i], lengths[j]);
			error = errno; /* left alone by musl, and not by every libc that zig links statically */
			errno = 4711;
			SAME(((allocate_function *)ours)(file, offsets[i], lengths[j]), expected);
			SAME(errno, error);
			fstat(file, &one);
			fstat(twin, &two);
			SAME(one.st_size, two.st_size);
		}
	SAME(one.st_size, FAR + 9000);
	SAME(pipe(pipes), 0);
	SAME(((allocate_function *)ours)(pipes[1], 0, 1), posix_fallocate(pipes[1], 0, 1));
	SAME(((allocate_function *)ours)(-7, 0, 1), posix_fallocate(-7, 0, 1));
}
