// What a C++ extension module answers: an exception crosses libstdc++ and libgcc_s, and is caught.
#include <stdexcept>
#include <string>

extern "C" long probe(void)
{
    try {
        throw std::runtime_error(std::string("caught"));
    } catch (const std::exception &error) {
        return std::string(error.what()) == "caught" ? 78 : -1;
    }
}
