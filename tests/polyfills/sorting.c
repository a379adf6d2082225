/* qsort_r: any size of element, any order, any answer of the comparison. */
#include "prove.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef int compare_function(const void *, const void *, void *);
typedef void sort_function(void *, size_t, size_t, compare_function *, void *);

#define GUARD 64 /* bytes before and behind the array that nobody may touch */

struct watched {
	unsigned char *base;
	size_t count, size, compared;
	int answers; /* what a hostile comparison says: 2 is chance */
};

static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 33, 100};
static struct watched *current;

static void check_place(const struct watched *watched, const void *element)
{
	size_t offset = (size_t)((const unsigned char *)element - watched->base);

	CHECK(offset < watched->count * watched->size);
	SAME(offset % watched->size, 0);
}

static int by_bytes(const void *left, const void *right, void *argument)
{
	struct watched *watched = argument;

	CHECK(watched == current);
	check_place(watched, left);
	check_place(watched, right);
	watched->compared++;
	return memcmp(left, right, watched->size);
}

static int by_first_byte(const void *left, const void *right, void *argument)
{
	struct watched *watched = argument;

	watched->compared++;
	return *(const unsigned char *)left - *(const unsigned char *)right;
}

static int hostile(const void *left, const void *right, void *argument)
{
	struct watched *watched = argument;

	check_place(watched, left);
	check_place(watched, right);
	watched->compared++;
	return watched->answers == 2 ? (int)below(3) - 1 : watched->answers;
}

static int all_bytes(const void *left, const void *right)
{
	return memcmp(left, right, current->size);
}

static int all_bytes_r(const void *left, const void *right, void *size)
{
	return memcmp(left, right, *(size_t *)size);
}

static unsigned log2_of(size_t number)
{
	unsigned bits = 0;

	while (number >>= 1)
		bits++;
	return bits;
}

/* Fill with bytes of a range that decides how many elements are equal. */
static void fill(unsigned char *bytes, size_t count)
{
	size_t range = below(2) ? 256 : 1 + below(4), i;

	for (i = 0; i < count; i++)
		bytes[i] = (unsigned char)below(range);
}

/* Sort an array of chance by `compare`, and see the same elements in it, and nothing else touched. */
static void sort_once(size_t count, size_t size, compare_function *compare, int answers)
{
	size_t bytes = count * size, i;
	unsigned char *room = malloc(bytes + 2 * GUARD), *before = malloc(bytes + 1), *array = room + GUARD;
	struct watched watched = {array, count, size, 0, answers};

	current = &watched;
	memset(room, 0xa5, bytes + 2 * GUARD);
	fill(array, bytes);
	memcpy(before, array, bytes);
	errno = 4711;
	((sort_function *)ours)(array, count, size, compare, &watched);
	SAME(errno, 4711);
	CHECK(watched.compared <= 2 * count * (log2_of(count + 1) + 2));
	for (i = 0; i < GUARD; i++)
		CHECK(room[i] == 0xa5 && array[bytes + i] == 0xa5);
	for (i = 1; i < count && compare != hostile; i++)
		CHECK(compare(array + (i - 1) * size, array + i * size, &watched) <= 0);
	if (compare == by_bytes && libcs) {
		((sort_function *)libcs)(before, count, size, all_bytes_r, &size);
		CHECK(!memcmp(array, before, bytes));
	}
	qsort(array, count, size, all_bytes);
	qsort(before, count, size, all_bytes);
	CHECK(!memcmp(array, before, bytes));
	free(room);
	free(before);
}

static int by_number(const void *left, const void *right, void *count)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	++*(size_t *)count;
	return (a > b) - (a < b);
}

static void sort_many(size_t count, int shape)
{
	uint32_t *array = malloc(count * sizeof *array);
	size_t compared = 0, i;
	uint64_t sum = 0;

	for (i = 0; i < count; i++) {
		uint32_t values[] = {(uint32_t)chance(), (uint32_t)i, (uint32_t)(count - i), 7, (uint32_t)(i < count / 2 ? i : count - i)};

		array[i] = values[shape];
		sum += array[i];
	}
	((sort_function *)ours)(array, count, sizeof *array, by_number, &compared);
	CHECK(compared <= 2 * count * log2_of(count));
	for (i = 0; i < count; i++) {
		CHECK(!i || array[i - 1] <= array[i]);
		sum -= array[i];
	}
	SAME(sum, 0);
	free(array);
}

static jmp_buf out;

static int leaving(const void *left, const void *right, void *remaining)
{
	if (!--*(size_t *)remaining)
		longjmp(out, 1);
	return *(const unsigned char *)left - *(const unsigned char *)right;
}

static void leave_by_longjmp(void)
{
	unsigned char array[100];
	size_t remaining, i, sum = 0;

	for (remaining = 1; remaining < 200; remaining += 7) {
		volatile size_t left = remaining;

		for (i = 0; i < 100; i++)
			array[i] = (unsigned char)(i * 37 % 100);
		if (!setjmp(out))
			((sort_function *)ours)(array, 100, 1, leaving, (void *)&left);
		for (sum = i = 0; i < 100; i++)
			sum += array[i];
		SAME(sum, 4950);
	}
}

static int sorting_another(const void *left, const void *right, void *depth)
{
	unsigned char inner[] = {3, 1, 2};
	struct watched watched = {inner, 3, 1, 0, 0};

	if (*(int *)depth) {
		((sort_function *)ours)(inner, 3, 1, by_first_byte, &watched);
		CHECK(inner[0] == 1 && inner[1] == 2 && inner[2] == 3);
	}
	return *(const unsigned char *)left - *(const unsigned char *)right;
}

void prove_qsort_r(void)
{
	sort_function *sort = ours;
	size_t many = is_emulated ? 20000 : 1000000, trials = is_emulated ? 300 : 1500, i;
	unsigned char few[] = "hello";
	int depth = 1, shape, answers;

	sort(0, 0, 4, by_bytes, 0);
	sort(few, 1, 1, 0, 0);
	sort(few, 5, 0, 0, 0);
	CHECK(!memcmp(few, "hello", 5));
	for (i = 0; i < trials; i++) {
		size_t size = sizes[below(sizeof sizes / sizeof *sizes)], count = below(i % 10 ? 40 : 400);

		sort_once(count, size, by_bytes, 0);
		sort_once(count, size, by_first_byte, 0);
		for (answers = -1; answers <= 2; answers++)
			sort_once(count, size, hostile, answers);
	}
	for (i = 0; i < 70; i++)
		sort_once(i, 4, by_bytes, 0);
	for (shape = 0; shape < 5; shape++)
		sort_many(many, shape);
	leave_by_longjmp();
	sort(few, 5, 1, sorting_another, &depth);
	CHECK(!memcmp(few, "ehllo", 5));
}
