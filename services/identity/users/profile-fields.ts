/** The texts of a user's profile, by their names in messages and in masks; the same in the contract and in the store. */
export const profileFields = [
  { name: "name", path: "name" },
  { name: "givenName", path: "given_name" },
  { name: "familyName", path: "family_name" },
  { name: "middleName", path: "middle_name" },
  { name: "nickname", path: "nickname" },
  { name: "profile", path: "profile" },
  { name: "picture", path: "picture" },
  { name: "website", path: "website" },
  { name: "gender", path: "gender" },
  { name: "birthdate", path: "birthdate" },
  { name: "zoneinfo", path: "zoneinfo" },
  { name: "locale", path: "locale" },
  { name: "phoneNumber", path: "phone_number" },
] as const;
