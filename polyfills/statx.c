/*
 * statx: say much about a file (Linux 4.11). musl has it from 1.2.5 on.
 *
 * Returns 0, or -1 with errno as the system call sets it. Safe in signal handlers; no cancellation point.
 *
 * A kernel before 4.11 does not know it (ENOSYS), and sandboxes that are older answer EPERM, which the call itself never
 * does. Then the answer is that of fstatat: stx_mask says that the basic fields are filled, birth time and attributes
 * are not there, and AT_STATX_FORCE_SYNC and AT_STATX_DONT_SYNC have no effect. On 32-bit architectures such a kernel
 * knows no time after 2038 either. loongarch64 has had statx from its first kernel on, and nothing to fall back to.
 */
#include "polyfill.h"
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#if defined __NR_newfstatat
#define NR_FSTATAT __NR_newfstatat
typedef struct stat kernel_stat;
#elif defined __NR_fstatat64
#define NR_FSTATAT __NR_fstatat64
typedef struct stat64 kernel_stat;
#endif

#ifdef NR_FSTATAT
/* The kernel's encoding of a device number: 12 bits of it are the major number, 20 the minor one. */
static unsigned major(unsigned long long device)
{
	return (unsigned)(device >> 8) & 0xfff;
}

static unsigned minor(unsigned long long device)
{
	return ((unsigned)device & 0xff) | ((unsigned)(device >> 12) & 0xfff00);
}

static struct statx_timestamp timestamp(long long seconds, unsigned long nanoseconds)
{
	struct statx_timestamp time = {0};

	time.tv_sec = seconds;
	time.tv_nsec = (unsigned)nanoseconds;
	return time;
}

static int by_fstatat(int directory, const char *path, int flags, unsigned mask, struct statx *result)
{
	static const struct statx nothing;
	kernel_stat old;

	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || mask & STATX__RESERVED) {
		errno = EINVAL;
		return -1;
	}
	if (syscall(NR_FSTATAT, (long)directory, (long)path, (long)&old, (long)(flags & ~AT_STATX_SYNC_TYPE)))
		return -1;
	*result = nothing;
	result->stx_mask = STATX_BASIC_STATS;
	result->stx_blksize = (unsigned)old.st_blksize;
	result->stx_nlink = (unsigned)old.st_nlink;
	result->stx_uid = old.st_uid;
	result->stx_gid = old.st_gid;
	result->stx_mode = (unsigned short)old.st_mode;
	result->stx_ino = old.st_ino;
	result->stx_size = (unsigned long long)old.st_size;
	result->stx_blocks = (unsigned long long)old.st_blocks;
	result->stx_atime = timestamp((long)old.st_atime, old.st_atime_nsec);
	result->stx_mtime = timestamp((long)old.st_mtime, old.st_mtime_nsec);
	result->stx_ctime = timestamp((long)old.st_ctime, old.st_ctime_nsec);
	result->stx_rdev_major = major(old.st_rdev);
	result->stx_rdev_minor = minor(old.st_rdev);
	result->stx_dev_major = major(old.st_dev);
	result->stx_dev_minor = minor(old.st_dev);
	return 0;
}
#endif

EXPORT int statx(int directory, const char *path, int flags, unsigned mask, struct statx *result)
{
	int saved = errno, answer;

	answer = (int)syscall(__NR_statx, (long)directory, (long)path, (long)flags, (long)mask, (long)result);
#ifdef NR_FSTATAT
	if (answer && (errno == ENOSYS || errno == EPERM)) {
		errno = saved;
		return by_fstatat(directory, path, flags, mask, result);
	}
#else
	(void)saved;
#endif
	return answer;
}
