/** Whether a switch of another tool is on. */
export function isOn(value: string): boolean {
  return /^(?:true|yes|on|1)$/i.test(value.trim());
}

/** Whether it is off. */
export function isOff(value: string): boolean {
  return /^(?:false|no|off|0)$/i.test(value.trim());
}
