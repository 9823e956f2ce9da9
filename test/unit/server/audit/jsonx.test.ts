import test from 'ava';
import { jsonToJsonx } from '#server/audit/jsonx.ts';

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'fields are sorted',
    '{"type":"request","auth":{"b":"1","a":"2"}}',
    '<json:object name="auth"><json:string name="a">2</json:string><json:string name="b">1</json:string></json:object><json:string name="type">request</json:string>',
  ],
  [
    'every kind of value has its element',
    '{"a":null,"b":true,"c":1.5,"d":["x",2],"e":{}}',
    '<json:null name="a" /><json:boolean name="b">true</json:boolean><json:number name="c">1.5</json:number><json:array name="d"><json:string>x</json:string><json:number>2</json:number></json:array><json:object name="e"></json:object>',
  ],
  [
    'long numbers keep their digits',
    '{"a":12345678901234567890}',
    '<json:number name="a">12345678901234567890</json:number>',
  ],
  [
    'text cannot end its element',
    '{"a<b":"</json:string>&\\"\\n"}',
    '<json:string name="a&lt;b">&lt;/json:string&gt;&amp;&quot;&#xa;</json:string>',
  ],
  [
    'what XML cannot hold is replaced',
    '{"a":"\\u0000😀"}',
    '<json:string name="a">\uFFFD😀</json:string>',
  ],
];

for (const [name, json, expected] of CASES) {
  test(name, (t) => {
    t.is(jsonToJsonx(json), expected);
  });
}
