/* check_weights_cut: weights files of every format, cut, and with a byte changed: refused with a word, or read to the last
 * element. Nothing else may happen. At every sixteenth byte, under sanitizers each UNIT_EVERY of these; with the argument `all` at every one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "weights/tensor.h"

/* A case of tests/weights for each reader and each way that a file can be packed. */
static const char *const files[] = {
    "zip/tagger.pth",         "zip_torch2/model.pt",     "zip_deflated/model.pt", "zip_data_descriptors/model.pt",
    "zip_zip64/model.pt",     "legacy/model.pth",        "legacy_views/model.pth", "legacy_module/model.pth",
    "tar/model.pth.tar",      "tar_module/model.pth.tar", "torchscript/model.pt", "npz/model.npz",
    "npz_deflated/model.npz", "npz_version2/model.npz",  "module/model.pt",       "weight_norm/model.pt",
    "_reference/tagger.safetensors"};
enum { FILES = sizeof files / sizeof *files, LARGEST = 1 << 16 };

static unsigned char bytes[LARGEST];
static size_t size, step = 16 * UNIT_EVERY;

static void read_case(int i)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/weights/%s", NNC_TESTS_DIR, files[i]);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    size = fread(bytes, 1, sizeof bytes, f);
    ck_assert(size > 0 && size < sizeof bytes);
    fclose(f);
}

static void load_all(arena *a, const tensor_file *f)
{
    for (size_t i = 0; i < f->dict_count; i++) {
        const tensor_dict *d = &f->dicts[i];
        tensor_request *r = ARENA_ARRAY(a, tensor_request, d->count);
        size_t count = 0;
        for (size_t k = 0; k < d->count; k++)
            if (d->tensors[k].dtype != TENSOR_OTHER && d->tensors[k].elements < LARGEST)
                r[count++].tensor = &d->tensors[k];
        tensors_load(a, f, r, count);
    }
}

static int new_file(void)
{
    int file = memfd_create("weights", 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, size, 0), (ssize_t)size);
    return file;
}

/* True when the file is read as weights. */
static bool opens(int file)
{
    arena *a = arena_new();
    diag_list *diags = diag_list_new(a, NULL);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    bool good = f != NULL;
    ck_assert_int_eq(good, diag_error_count(diags) == 0);
    if (good) load_all(a, f);
    tensor_file_close(f);
    arena_free(a);
    return good;
}

START_TEST(test_cut)
{
    read_case(_i);
    int file = new_file();
    ck_assert_msg(opens(file), "%s whole", files[_i]);
    /* a tar ends with zeros, which nobody needs */
    size_t length = size;
    while (strstr(files[_i], ".tar") && !bytes[length - 1]) length--;
    for (length--; length < size; length -= step) { /* until it wraps */
        ck_assert_int_eq(ftruncate(file, (off_t)length), 0);
        ck_assert_msg(!opens(file), "%s cut to %zu of %zu bytes", files[_i], length, size);
    }
    close(file);
}
END_TEST

START_TEST(test_changed)
{
    read_case(_i);
    int file = new_file();
    for (size_t at = 0; at < size; at += step) {
        unsigned char changed = (unsigned char)(bytes[at] + 1 + at % 255);
        ck_assert_int_eq(pwrite(file, &changed, 1, (off_t)at), 1);
        opens(file);
        ck_assert_int_eq(pwrite(file, &bytes[at], 1, (off_t)at), 1);
    }
    close(file);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "all") == 0) step = 1;
    Suite *s = suite_create("weights_cut");
    TCase *t = tcase_create("weights_cut");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, test_cut, 0, FILES);
    tcase_add_loop_test(t, test_changed, 0, FILES);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
