/*
 * qsort_r: sort an array with a comparison function that gets an argument of the caller's (POSIX.1-2024).
 *
 * musl has it from 1.2.3 on. The order of elements that compare equal is not specified, and differs from musl's.
 *
 * - No memory is allocated, and the stack does not grow with the array: it may be called where malloc may not.
 * - It takes O(n log n) comparisons whatever the order of the elements and whatever `compare` answers: one that
 *   contradicts itself spoils the order, and never makes this read or write outside the array.
 * - It leaves errno alone, and holds no state: `compare` may sort another array, and may leave by longjmp, which leaves
 *   the array with the same elements in some order.
 *
 * Heapsort, bottom-up: the hole that the greatest element leaves sinks to a leaf along the greater children, one
 * comparison for each level, and what came last rises from there; it belongs near the leaves, so that is short.
 */
#include "polyfill.h"

typedef int compare_function(const void *, const void *, void *);

struct array {
	char *base;
	size_t size; /* of an element, in bytes */
	compare_function *compare;
	void *argument;
};

static char *at(const struct array *array, size_t index)
{
	return array->base + index * array->size;
}

static int is_less(const struct array *array, size_t left, size_t right)
{
	return array->compare(at(array, left), at(array, right), array->argument) < 0;
}

/* Exchange two elements, eight bytes at a time; they need not be aligned. */
static void exchange(const struct array *array, size_t left, size_t right)
{
	char *a = at(array, left), *b = at(array, right);
	size_t rest = array->size;
	unsigned long long wide;
	char byte;

	for (; rest >= sizeof wide; rest -= sizeof wide, a += sizeof wide, b += sizeof wide) {
		__builtin_memcpy(&wide, a, sizeof wide);
		__builtin_memcpy(a, b, sizeof wide);
		__builtin_memcpy(b, &wide, sizeof wide);
	}
	for (; rest; rest--, a++, b++) {
		byte = *a;
		*a = *b;
		*b = byte;
	}
}

/* Let the element at the root of a heap of `count` elements find its place below `root`. */
static void sift(const struct array *array, size_t root, size_t count)
{
	size_t node = root, child, parent;

	/* Down to a leaf. 2 * node + 2 cannot overflow: the array has at most SIZE_MAX / size bytes. */
	while (node < count / 2) {
		child = 2 * node + 1;
		if (child + 1 < count && is_less(array, child, child + 1))
			child++;
		exchange(array, node, child);
		node = child;
	}
	/* And up again while the parent is less. */
	while (node > root) {
		parent = (node - 1) / 2;
		if (parent < root || !is_less(array, parent, node))
			return;
		exchange(array, parent, node);
		node = parent;
	}
}

EXPORT void qsort_r(void *base, size_t count, size_t size, compare_function *compare, void *argument)
{
	const struct array array = {base, size, compare, argument};
	size_t root, end;

	if (count < 2 || size == 0)
		return;
	for (root = count / 2; root-- > 0;)
		sift(&array, root, count);
	for (end = count - 1; end > 0; end--) {
		exchange(&array, 0, end);
		sift(&array, 0, end);
	}
}
