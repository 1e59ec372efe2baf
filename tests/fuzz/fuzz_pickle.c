/* fuzz_pickle: the pickle of a torch.save archive that has six storages of 64 bytes. */
#include "weights_target.h"
#include "zip_around.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t storage[64];
    for (size_t i = 0; i < sizeof storage; i++) storage[i] = (uint8_t)(i * 5);
    const zip_record records[] = {
        {"a/data.pkl", data, size},
        {"a/data/0", storage, 64},
        {"a/data/1", storage, 64},
        {"a/data/2", storage, 64},
        {"a/data/3", storage, 64},
        {"a/data/4", storage, 64},
        {"a/data/5", storage, 64},
        {"a/byteorder", (const uint8_t *)(size % 2 ? "big" : "little"), size % 2 ? 3 : 6}};
    size_t zip_size;
    uint8_t *zip = zip_of(records, sizeof records / sizeof *records, &zip_size);
    fuzz_weights_file(zip, zip_size, size % 5 ? NULL : "a");
    free(zip);
    return 0;
}
