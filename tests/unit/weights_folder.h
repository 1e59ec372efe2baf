/* A folder with a weights file for each test: what writes it, what was reported of it. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weights/tensor.h"

static arena *a;
static diag_list *diags;
static char *folder, *path;

static inline void set_up(void)
{
    a = arena_new();
    diags = diag_list_new(a, NULL);
    char pattern[] = "/tmp/check_weights.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(pattern));
    folder = arena_strdup(a, pattern);
    path = arena_printf(a, "%s/weights.safetensors", folder);
}

static inline void tear_down(void)
{
    unlink(path);
    rmdir(folder);
    arena_free(a);
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static inline void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The header's length, the header, the data. */
static inline void write_safetensors(const char *header, const void *data, size_t size)
{
    size_t length = strlen(header);
    unsigned char *bytes = arena_alloc(a, 8 + length + size);
    for (unsigned i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    if (size) memcpy(bytes + 8 + length, data, size);
    write_bytes(bytes, 8 + length + size);
}

/* All that was reported, with the folder's name taken out. */
static inline const char *reported(void)
{
    char *shown = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&shown, &size);
    diag_print(diags, to);
    fclose(to);
    char *result = arena_strdup(a, shown);
    free(shown);
    size_t length = strlen(folder) + 1;
    for (char *at; (at = strstr(result, folder));) memmove(at, at + length, strlen(at + length) + 1);
    return result;
}
