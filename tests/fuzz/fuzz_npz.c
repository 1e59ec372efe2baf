/* fuzz_npz: an array of an .npz, under two names. */
#include "weights_target.h"
#include "zip_around.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const zip_record records[] = {{"p.npy", data, size}, {"e/weight.npy", data, size}};
    size_t zip_size;
    uint8_t *zip = zip_of(records, sizeof records / sizeof *records, &zip_size);
    fuzz_weights_file(zip, zip_size, NULL);
    free(zip);
    return 0;
}
