#pragma once

// Replaces the C library's getaddrinfo(3) for names; addresses and localhost are not affected. Does
// not answer until answers() permits it.
namespace postern::upstream::name_service {

// Whether lookups are answered, including waiting ones: absent.test, empty.test, failing.test and
// refused.test with an error each, every other name with 192.0.2.7. Resets the count.
void answers(bool does);
// Lookups since the last answers().
int asked();
void waitUntilAsked();

}  // namespace postern::upstream::name_service
