/** What the test that started this process gave it under this name. Throws where it gave nothing. */
export const requiredSetting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
