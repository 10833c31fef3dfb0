/*
 * The arena: zeroed, aligned, and the same wherever its chunks end.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sockd/common/arena.h"

Test(arena, gives_zeroed_and_aligned_memory)
{
	struct arena *a = arena_new();

	cr_assert_not_null(a);
	for (size_t n = 0; n < 3000; n++) {
		unsigned char *p = arena_array(a, n, 7);

		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < n * 7; i++)
			cr_assert_eq(p[i], 0);
		memset(p, 0xff, n * 7);
	}
	arena_free(a);
}

Test(arena, keeps_what_it_gave)
{
	struct arena *a = arena_new();
	char *texts[1000];
	char text[64];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "text %d", i * i);
		texts[i] = arena_text(a, text);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "text %d", i * i);
		cr_assert_str_eq(texts[i], text);
	}
	arena_free(a);
}

Test(arena, grows_an_array)
{
	struct arena *a = arena_new();
	size_t *numbers = NULL;

	for (size_t n = 0; n < 5000; n++) {
		numbers = arena_grow(a, numbers, n, sizeof(*numbers));
		cr_assert_not_null(numbers);
		numbers[n] = n * 3;
	}
	for (size_t n = 0; n < 5000; n++)
		cr_assert_eq(numbers[n], n * 3);
	arena_free(a);
}

Test(arena, refuses_what_cannot_be)
{
	struct arena *a = arena_new();

	errno = 0;
	cr_assert_null(arena_array(a, SIZE_MAX / 2, 3));
	cr_assert_eq(errno, ENOMEM);
	cr_assert_null(arena_array(a, SIZE_MAX, SIZE_MAX));
	cr_assert_not_null(arena_array(a, 0, 0));
	arena_free(a);
	arena_free(NULL);
}
